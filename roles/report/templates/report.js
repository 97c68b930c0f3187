"use strict";
// A connection that is linked to is opened; without this script it is opened by hand.
const openTarget = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
};
addEventListener("hashchange", openTarget);
openTarget();
// Of many connections, those of a status, or whose name has what is typed.
const filter = document.querySelector(".filter");
if (filter) {
  const buttons = [...filter.querySelectorAll("button")], field = filter.querySelector("input");
  const items = [...document.querySelectorAll("[data-status]")], told = filter.querySelector("[role=status]");
  let chosen = "";
  const show = () => {
    const words = field.value.trim().toLowerCase();
    let shown = 0;
    for (const item of items) {
      item.hidden = Boolean(chosen && item.dataset.status !== chosen) || !item.dataset.name.includes(words);
      if (!item.hidden && item.tagName === "TR") { shown += 1; }
    }
    for (const button of buttons) { button.setAttribute("aria-pressed", String(button.value === chosen)); }
    told.textContent = `${shown} shown`;
  };
  for (const button of buttons) { button.addEventListener("click", () => { chosen = button.value; show(); }); }
  field.addEventListener("input", show);
  filter.hidden = false;
}
