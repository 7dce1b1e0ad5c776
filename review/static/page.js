// Keys for buttons, and one decision a form. The page works without this file.
"use strict";
(() => {
  const storage = "identity-sync.keys";
  const box = document.getElementById("keys");
  const on = () => !box || box.checked;
  if (box) {
    box.closest("label").hidden = false;
    box.checked = localStorage.getItem(storage) !== "off";
    document.documentElement.classList.toggle("no-keys", !box.checked);
    box.addEventListener("change", () => {
      localStorage.setItem(storage, box.checked ? "on" : "off");
      document.documentElement.classList.toggle("no-keys", !box.checked);
    });
  }

  // a key that is held down, or pressed again before the next page is there, decides nothing
  let sent = false;
  document.addEventListener("submit", (event) => {
    if (sent) {
      event.preventDefault();
      return;
    }
    sent = true;
    document.body.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => {
    sent = false;
    document.body.removeAttribute("aria-busy");
  });

  // how far a run is: asked for again while it lasts, and the whole page once it has ended
  const live = document.querySelector("[data-live]");
  const again = async () => {
    let answer;
    try {
      answer = await fetch(location.pathname, { redirect: "error" });
    } catch {
      setTimeout(again, 5000);
      return;
    }
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
    if (!answer.ok || !next) {
      location.replace(location.pathname);
      return;
    }
    if (next.innerHTML !== live.innerHTML) live.innerHTML = next.innerHTML;
    setTimeout(again, 1500);
  };
  if (live) setTimeout(again, 1500);

  const typing = (target) => target.matches("textarea, select, input:not([type=checkbox])");
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && typing(event.target)) {
      event.target.blur();
      return;
    }
    if (!on() || sent || event.repeat || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (typing(event.target)) return;
    const key = event.key.toLowerCase();
    const target = [...document.querySelectorAll("[data-key], [data-focus]")]
      .find((one) => (one.dataset.key || one.dataset.focus) === key);
    if (!target) return;
    event.preventDefault();
    if (target.dataset.focus) target.focus();
    else target.click();
  });
})();
