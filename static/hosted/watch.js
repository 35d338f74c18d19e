// Runs in every browser, before anything else: when the page's modules cannot be loaded or are not
// understood, this tells the person instead of leaving buttons that do nothing.
(function () {
  function admit() {
    var notice = document.getElementById("not-loaded");
    if (notice) notice.hidden = false;
  }
  window.addEventListener(
    "error",
    function (event) {
      if (event.target && event.target.tagName === "SCRIPT") admit();
    },
    true,
  );
  if (!("noModule" in document.createElement("script"))) {
    document.addEventListener("DOMContentLoaded", admit);
  }
})();
