/** Which step of the page is shown, and what stands in those steps that are filled in by script. */

/**
 * @typedef {object} Help  a step that explains what is wrong and offers a way on
 * @property {string} title
 * @property {string} hint
 * @property {string[]} [steps]
 * @property {string} [note]
 * @property {string} button  what the main button says
 * @property {() => void} action  what it does
 * @property {{text: string, href: string, newTab: boolean}} [link]
 * @property {string} [copy]  an address to offer for copying
 * @property {{text: string, action: () => void}} [other]  another way to try again
 * @property {() => void} [withoutCamera]
 * @property {boolean} [phone]  offer to go on with a phone
 * @property {boolean} [exits]  false when this page cannot end the session any more
 *
 * @typedef {object} Result
 * @property {"passed"|"failed"|"review"} result
 * @property {string} title
 * @property {string} hint
 * @property {string} note
 * @property {string} button
 */

const root = document.documentElement;
const title = document.title;

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/** Show one step and take the reader's focus to its heading. @param {string} name */
export function show(name) {
  let heading;
  for (const view of document.querySelectorAll("[data-view].view")) {
    const element = /** @type {HTMLElement} */ (view);
    element.hidden = element.dataset.view !== name;
    if (!element.hidden) heading = element.querySelector("h1");
  }
  root.dataset.view = name;
  document.title = `${heading?.textContent?.trim()} · ${title}`;
  scrollTo(0, 0);
  heading?.focus({ preventScroll: true });
}

/** @returns {string} the step that is shown */
export function shown() {
  return root.dataset.view ?? "";
}

/** Hide the ways out when there is nothing left to leave. @param {boolean} offered */
export function offerExits(offered) {
  byId("exits").hidden = !offered;
}

/** @param {Help} help */
export function showHelp(help) {
  byId("help-title").textContent = help.title;
  byId("help-hint").textContent = help.hint;
  byId("help-note").textContent = help.note ?? "";
  fillSteps(help.steps ?? []);
  const link = /** @type {HTMLAnchorElement} */ (byId("open-elsewhere"));
  link.hidden = !help.link;
  link.textContent = help.link?.text ?? "";
  link.href = help.link?.href ?? "";
  link.target = help.link?.newTab ? "_blank" : "";
  const button = byId("try-again");
  button.textContent = help.button;
  button.onclick = help.action;
  button.classList.toggle("primary", !help.link);
  offer("try-otherwise", help.other !== undefined);
  byId("try-otherwise").textContent = help.other?.text ?? "";
  byId("try-otherwise").onclick = help.other?.action ?? null;
  if (document.getElementById("help-phone")) offer("help-phone", help.phone === true);
  offer("copy-link", help.copy !== undefined);
  byId("copy-link").dataset.address = help.copy ?? "";
  offer("without-camera", help.withoutCamera !== undefined);
  byId("without-camera").onclick = help.withoutCamera ?? null;
  offerExits(help.exits !== false);
  show("help");
}

/** @param {Result} result */
export function showResult(result) {
  byId("result-mark").dataset.result = result.result;
  byId("result-title").textContent = result.title;
  byId("result-hint").textContent = result.hint;
  byId("result-return").textContent = result.note;
  byId("continue").textContent = result.button;
  offerExits(false);
  show("result");
}

/** @param {string[]} steps */
function fillSteps(steps) {
  const list = byId("help-steps");
  list.replaceChildren(
    ...steps.map((step) => {
      const item = document.createElement("li");
      item.textContent = step;
      return item;
    }),
  );
  list.hidden = !steps.length;
}

/** @param {string} id @param {boolean} offered */
function offer(id, offered) {
  byId(id).hidden = !offered;
}
