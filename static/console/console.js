// What makes the console handier; every page works without it.

function ask(event) {
  const question = event.target.closest("form")?.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
}

async function copy(button) {
  const text = button.parentElement.querySelector("[data-copy-text]").textContent;
  await navigator.clipboard.writeText(text);
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = label), 2000);
}

function prepareMenu() {
  const button = document.querySelector("[data-menu-button]");
  if (!button) return;
  document.documentElement.classList.add("scripted");
  button.hidden = false;
  button.addEventListener("click", () => {
    const open = document.documentElement.classList.toggle("menu-open");
    button.setAttribute("aria-expanded", String(open));
  });
}

document.addEventListener("submit", ask);
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
prepareMenu();
document.querySelector("[data-problems]")?.focus();
