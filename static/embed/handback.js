/** The last page in a frame or popup: tells the page around it, or behind it, where the result is. */
(function () {
  "use strict";
  const { redirectedTo, origins } = document.documentElement.dataset;
  const embedder = window.parent !== window ? window.parent : window.opener;
  // The browser delivers to a window of exactly that origin, and to nobody else.
  for (const origin of origins.split(" ")) embedder?.postMessage({ redirectedTo }, origin);
})();
