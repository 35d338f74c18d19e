/** Which browser this is, only to give directions that fit; nothing is decided by it. */

/** @typedef {import("./types.js").Browser} Browser */

/** Built-in browsers of apps, by what they add to the user agent. @type {[RegExp, string][]} */
const APPS = [
  [/\bFBAN|\bFBAV|\bFB_IAB/, "Facebook"],
  [/\bInstagram/, "Instagram"],
  [/\bMessenger(ForiOS|LiteForiOS)/, "Messenger"],
  [/\bTikTok|\bmusical_ly|\bBytedanceWebview/i, "TikTok"],
  [/\bSnapchat/, "Snapchat"],
  [/\bLinkedInApp/, "LinkedIn"],
  [/\bTwitter/, "X"],
  [/\bMicroMessenger/, "WeChat"],
  [/\bLine\//, "LINE"],
  [/\bPinterest/, "Pinterest"],
  [/\bGSA\//, "Google"],
  [/\bWhatsApp/, "WhatsApp"],
  [/\bTelegram/, "Telegram"],
];

/** @type {[RegExp, Browser["name"]][]} */
const NAMES = [
  [/\bSamsungBrowser\//, "samsung"],
  [/\bEdg(e|A|iOS)?\//, "edge"],
  [/\b(Firefox|FxiOS)\//, "firefox"],
  [/(Chrome|CriOS|Chromium)\//, "chrome"],
  [/\bSafari\//, "safari"],
];

/** @type {[RegExp, Browser["system"]][]} */
const SYSTEMS = [
  [/\bAndroid\b/, "android"],
  [/\b(iPhone|iPad|iPod)\b/, "ios"],
  [/\bMacintosh\b/, "mac"],
  [/\bWindows\b/, "windows"],
];

/** @param {string} userAgent @param {number} [touchPoints] @returns {Browser} */
export function recognise(userAgent, touchPoints = 0) {
  const system = first(SYSTEMS, userAgent) ?? "other";
  return {
    // An iPad presents itself as a Mac; only one of the two has a touch screen.
    system: system === "mac" && touchPoints > 1 ? "ios" : system,
    name: first(NAMES, userAgent) ?? "other",
    inApp: inApp(userAgent),
  };
}

/** @param {Browser} browser @returns {string} the key of the directions in texts.ui */
export function directionsFor(browser) {
  const { system, name } = browser;
  if (system === "ios") return name === "safari" ? "blocked_safari_ios" : "blocked_other_ios";
  if (name === "safari") return "blocked_safari_mac";
  if (name === "samsung" || name === "edge") return `blocked_${name}`;
  if (name === "chrome" || name === "firefox") {
    return `blocked_${name}_${system === "android" ? "android" : "desktop"}`;
  }
  return "blocked_other";
}

/** @param {string} userAgent @returns {string|null} */
function inApp(userAgent) {
  const app = first(APPS, userAgent);
  if (app) return app;
  const webView = /\bAndroid\b.*; wv\)/.test(userAgent);
  const iosView = /\b(iPhone|iPad|iPod)\b.*AppleWebKit(?!.*Safari\/)/.test(userAgent);
  return webView || iosView ? "" : null;
}

/** @template T @param {[RegExp, T][]} table @param {string} text @returns {T|undefined} */
function first(table, text) {
  return table.find(([pattern]) => pattern.test(text))?.[1];
}
