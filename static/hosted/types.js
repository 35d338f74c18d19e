/**
 * The shapes of the wire protocol, for editors and type checkers; browsers never load this file.
 *
 * @typedef {"created"|"capturing"|"processing"|"review"|"passed"|"failed"|"expired"|"cancelled"|"errored"} State
 *
 * @typedef {object} Outcome
 * @property {"passed"|"failed"|"retry"|"review"} result
 * @property {string|null} reason
 * @property {string|null} next
 *
 * @typedef {object} Status
 * @property {State} state
 * @property {number} attempt  1, 2 …
 * @property {number} attemptsLeft
 * @property {number} nextFrame  the number that the next frame sent must have
 * @property {string} phase  consent, ready, positioning, challenge, collecting, checking or done
 * @property {string} guidance
 * @property {number} step  grows with each new target
 * @property {number} steps
 * @property {number} progress  0…1
 * @property {number} [intervalMs]  how far apart to take frames from now on
 * @property {Light|null} [light]  what to shine, in the light part of a challenge
 * @property {Outcome|null} outcome
 *
 * @typedef {object} Light
 * @property {string} base  the grey before and after the colours
 * @property {{number: number, colour: string, ms: number}[]} steps  all that are released so far, in order
 * @property {boolean} last  true when no more will come
 *
 * @typedef {object} Shown  a colour that was on the screen
 * @property {number} step
 * @property {number} at  the browser's clock when it was painted, milliseconds since 1970
 *
 * @typedef {object} Capture
 * @property {number} intervalMs
 * @property {number} framesPerBatch
 * @property {number} width  pixels
 * @property {number} quality  of JPEG, 0…1
 *
 * @typedef {object} Page
 * @property {string} sessionId
 * @property {string} token
 * @property {State} state
 * @property {string} locale
 * @property {{name: string}} brand
 * @property {string} relyingParty  the host that the person returns to
 * @property {Record<"consent"|"start"|"frames"|"exit"|"status"|"return", string> & {link?: string}} urls
 * @property {{required: boolean, accepted: boolean, textHash: string}} consent
 * @property {Capture} capture
 * @property {{arrived: boolean, urls: Record<"offer"|"withdraw"|"watch"|"return", string>}|null} handover
 * @property {{level: string, flashing: boolean}|null} challenge  flashing: the screen may change colour
 * @property {{assetUrl: string}|null} sandbox
 * @property {{guidance: Record<string, string>, reasons: Record<string, {title: string, hint: string}>,
 *   ui: Record<string, string>}} texts
 *
 * @typedef {object} Batch
 * @property {number} attempt
 * @property {number} first  the number of the first frame
 * @property {Frame[]} frames
 * @property {Shown[]} shown
 * @property {number} origin  when the attempt began, by the clock of the frames
 *
 * @typedef {object} Frame
 * @property {Blob} picture
 * @property {number} at  the browser's clock, milliseconds since 1970
 *
 * @typedef {object} Camera
 * @property {MediaStream} stream
 * @property {{label: string, width: number, height: number, frameRate: number}} facts
 * @property {() => void} close
 *
 * @typedef {object} Browser
 * @property {"android"|"ios"|"mac"|"windows"|"other"} system
 * @property {"chrome"|"edge"|"firefox"|"safari"|"samsung"|"other"} name
 * @property {string|null} inApp  the app whose built-in browser this is; "" when it has no known name
 *
 * @typedef {object} Trouble  what keeps the camera away, in the words of the coach's texts
 * @property {"blocked"|"dismissed"|"system"|"none"|"in_use"|"stopped"|"insecure"|"in_app"|"embedded"
 *   |"unsupported"} kind
 */
export {};
