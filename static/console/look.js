// Keeps the preview in step with the form. Without this the button does it.

const PAUSE_MS = 500;
const form = document.querySelector("[data-look]");
const button = form?.querySelector("[data-preview]");
let waiting = 0;

function update() {
  clearTimeout(waiting);
  waiting = setTimeout(() => form.requestSubmit(button), PAUSE_MS);
}

if (button) form.addEventListener("input", update);
