// What bundlers take for a browser instead of index.js: a signing secret must never be in a page.
throw new Error("visavis-client signs with a secret and belongs on a server; a page uses visavis-client/browser");
