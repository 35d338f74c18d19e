/** Opens and closes the camera, and says what it is when it does not open. */

/** @typedef {import("./types.js").Camera} Camera */
/** @typedef {import("./types.js").Trouble} Trouble */

const WISH = {
  audio: false,
  video: {
    facingMode: "user",
    width: { ideal: 640 },
    height: { ideal: 480 },
    frameRate: { ideal: 30 },
  },
};

export class CameraError extends Error {
  /** @param {Trouble["kind"]} kind @param {string} detail */
  constructor(kind, detail) {
    super(detail);
    this.kind = kind;
  }
}

/** @returns {Promise<Camera>} @throws {CameraError} */
export async function openCamera() {
  const missing = missingApi();
  if (missing) throw new CameraError(missing, "getUserMedia is missing");
  try {
    return cameraOf(await firstStream());
  } catch (error) {
    throw await explain(/** @type {DOMException} */ (error));
  }
}

/**
 * The head that stands in for a person in the sandbox; the module is loaded only here.
 * @param {string} assetUrl @returns {Promise<Camera>}
 */
export async function openRenderedHead(assetUrl) {
  const address = new URL("../sandbox/head-camera.js", import.meta.url).href;
  const { HeadCamera } = await import(address);
  const head = new HeadCamera({ assetUrl });
  await head.start();
  head.obey(() => {
    const { guidance, step } = document.documentElement.dataset;
    return guidance ? { guidance, step } : null;
  });
  const camera = cameraOf(await head.stream());
  const { close } = camera;
  camera.facts.label = camera.facts.label || "Visavis rendered head";
  camera.close = () => {
    close();
    head.stop?.();
  };
  return camera;
}

/**
 * Call back when the camera is pulled out or taken away while it is open.
 * @param {Camera} camera @param {() => void} ended
 */
export function watchCamera(camera, ended) {
  for (const track of camera.stream.getVideoTracks()) track.addEventListener("ended", ended);
}

/** @returns {Promise<boolean>} false only when the browser says that there is no camera at all */
export async function hasCamera() {
  try {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.some((device) => device.kind === "videoinput");
  } catch {
    return true;
  }
}

/** @returns {Promise<string>} granted, denied, prompt, or "" where the browser does not tell */
export async function cameraPermission() {
  const status = await permissionStatus();
  return status?.state ?? "";
}

/** @returns {Promise<PermissionStatus|null>} */
export async function permissionStatus() {
  try {
    return await navigator.permissions.query({ name: /** @type {PermissionName} */ ("camera") });
  } catch {
    return null;
  }
}

/** @returns {Trouble["kind"]|null} what is wrong before anybody is asked */
export function missingApi() {
  /** @type {MediaDevices|undefined} */
  const devices = navigator.mediaDevices;
  if (devices) return null;
  return window.isSecureContext ? "unsupported" : "insecure";
}

async function firstStream() {
  try {
    return await navigator.mediaDevices.getUserMedia(WISH);
  } catch (error) {
    // Some kiosks and virtual cameras refuse even an ideal size; any picture is better than none.
    if (/** @type {DOMException} */ (error).name !== "OverconstrainedError") throw error;
    return navigator.mediaDevices.getUserMedia({ audio: false, video: true });
  }
}

/** @param {MediaStream} stream @returns {Camera} */
function cameraOf(stream) {
  const track = stream.getVideoTracks()[0];
  const settings = track.getSettings();
  const { width = 0, height = 0, frameRate = 0 } = settings;
  return {
    stream,
    facts: { label: track.label, width, height, frameRate: Math.round(frameRate) },
    close: () => stream.getTracks().forEach((one) => one.stop()),
  };
}

/** @param {DOMException} error @returns {Promise<CameraError>} */
async function explain(error) {
  const detail = `${error.name}: ${error.message}`;
  switch (error.name) {
    case "NotAllowedError":
    case "PermissionDeniedError":
      return new CameraError(await refusedBy(error), detail);
    case "NotFoundError":
    case "DevicesNotFoundError":
    case "OverconstrainedError":
      return new CameraError("none", detail);
    case "SecurityError":
      return new CameraError(window.isSecureContext ? "blocked" : "insecure", detail);
    case "TypeError":
    case "NotSupportedError":
      return new CameraError("unsupported", detail);
    default:
      return new CameraError("in_use", detail);
  }
}

/** @param {DOMException} error @returns {Promise<Trouble["kind"]>} */
async function refusedBy(error) {
  if (/system/i.test(error.message)) return "system";
  if (isFramedWithoutCamera()) return "embedded";
  return /dismissed/i.test(error.message) || (await cameraPermission()) === "prompt"
    ? "dismissed"
    : "blocked";
}

function isFramedWithoutCamera() {
  const policy = /** @type {any} */ (document).featurePolicy;
  return window.top !== window && policy?.allowsFeature?.("camera") === false;
}
