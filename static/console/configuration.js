// Checks a configuration while it is typed: errors at their fields, what it means, the same as JSON.
// The server judges; saving works without any of this.

const form = document.querySelector("form[data-check]");
const status = document.querySelector("[data-check-status]");
const problems = document.querySelector("[data-json-problems]");
const PAUSE_MS = 400;
let timer = 0;
let asked = 0;

function idOf(path) {
  return "field-" + path.replaceAll(/[.[]/g, "-").replaceAll("]", "");
}

function clearErrors() {
  for (const old of form.querySelectorAll(".field .error")) old.remove();
  for (const field of form.querySelectorAll(".field.wrong")) field.classList.remove("wrong");
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

function showError({ field, what }) {
  const input = document.getElementById(idOf(field));
  const box = input?.closest(".field");
  if (!box) return;
  const error = document.createElement("p");
  error.className = "error";
  error.id = input.id + "-error";
  error.textContent = what;
  box.classList.add("wrong");
  if (input === box) box.querySelector("legend").after(error);
  else input.before(error);
  input.setAttribute("aria-invalid", "true");
  const described = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== error.id);
  input.setAttribute("aria-describedby", [...described, error.id].join(" "));
}

function listProblem({ path, line, what }) {
  const item = document.createElement("li");
  if (line) {
    const link = document.createElement("a");
    link.href = "#field-document";
    link.dataset.line = line;
    link.textContent = `Line ${line}`;
    const name = document.createElement("code");
    name.textContent = path;
    item.append(link, " ", name, " ");
  }
  item.append(what);
  problems.append(item);
}

function show(answer) {
  clearErrors();
  problems?.replaceChildren();
  answer.problems.forEach(problems ? listProblem : showError);
  const count = answer.problems.length;
  const area = document.getElementById("field-document");
  if (area && count) area.setAttribute("aria-invalid", "true");
  status.textContent = count ? `${count} ${count === 1 ? "thing is" : "things are"} not right yet` : "Valid, not saved";
  const json = document.querySelector("[data-json]");
  if (json && answer.text) json.textContent = answer.text;
  const meaning = document.querySelector("[data-meaning]");
  if (meaning && answer.meaning !== undefined) meaning.innerHTML = answer.meaning;
}

async function check() {
  const number = ++asked;
  const answer = await fetch(form.dataset.check, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(new FormData(form)),
  });
  if (answer.ok && number === asked) show(await answer.json());
}

function goToLine(event) {
  const line = Number(event.target.closest("[data-line]")?.dataset.line);
  if (!line) return;
  event.preventDefault();
  const area = document.getElementById("field-document");
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + lines[line - 1].length);
}

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(check, PAUSE_MS);
});
problems?.addEventListener("click", goToLine);
