/** What may run in a page: no secret, no signature. Loads the service's own embedding script. */

/** @type {Map<string, Promise<typeof globalThis.Visavis>>} */
const loading = new Map();

/**
 * Load `Visavis` from the service, once; open a link with it as `Visavis.open({ url, mode })`.
 * @param {string} serviceUrl such as https://verify.example.org
 */
export function loadVisavis(serviceUrl) {
  const { origin } = new URL(serviceUrl);
  const script = loading.get(origin) ?? insertScript(origin);
  loading.set(origin, script);
  script.catch(() => loading.delete(origin)); // so that the next call tries again
  return script;
}

/** @param {string} origin @returns {Promise<typeof globalThis.Visavis>} */
function insertScript(origin) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${origin}/static/embed/visavis.js`;
    script.addEventListener("load", () => resolve(globalThis.Visavis));
    script.addEventListener("error", () => {
      script.remove();
      reject(new Error(`${script.src} could not be loaded`));
    });
    document.head.append(script);
  });
}
