/** The page's texts with their blanks filled in. */

/** @typedef {import("./types.js").Page} Page */

export class Words {
  /** @param {Page} page */
  constructor(page) {
    this.ui = page.texts.ui;
    this.reasons = page.texts.reasons;
    this.number = new Intl.NumberFormat(page.locale);
  }

  /** @param {string} key @param {Record<string, string|number>} values @returns {string} */
  fill(key, values) {
    let text = this.ui[key];
    for (const [name, value] of Object.entries(values)) {
      const shown = typeof value === "number" ? this.number.format(value) : value;
      text = text.replace(`{${name}}`, () => shown);
    }
    return text;
  }

  /** @param {string|null} code @returns {{title: string, hint: string}} */
  reason(code) {
    return this.reasons[code ?? ""] ?? this.reasons.internal_error;
  }
}
