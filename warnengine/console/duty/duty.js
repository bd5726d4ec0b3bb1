// The pages work without this. It keeps what is shown fresh, says so when it no longer is, and stops double clicks.
const FRESH = 10_000;
const lost = document.getElementById("lost");

async function refresh() {
  try {
    const answer = await fetch(location.href, { headers: { "X-Fresh": "1" }, signal: AbortSignal.timeout(8000) });
    if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-fresh]")) {
      const open = part.querySelector("details[open]") || part.contains(document.activeElement);
      const next = page.getElementById(part.id);
      if (next && !open) part.replaceWith(document.adoptNode(next));
    }
    lost.hidden = true;
    document.body.classList.remove("gone");
  } catch {
    lost.hidden = false;
    document.body.classList.add("gone");
  }
}

if (lost && document.querySelector("[data-fresh]")) setInterval(refresh, FRESH);

for (const form of document.forms)
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
  });
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button")) button.disabled = false;
});

for (const all of document.querySelectorAll("[data-all]"))
  all.addEventListener("click", () => {
    const boxes = [...document.querySelectorAll(all.dataset.all)];
    const on = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = on;
  });
