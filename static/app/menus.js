// Menus are details elements: one open at a time, Escape and a click elsewhere close them.
const menus = () => document.querySelectorAll("details.c-menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of menus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    return;
  }
  const menu = event.target.closest?.("details.c-menu[open]");
  if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  const items = [...menu.querySelectorAll(".c-menu__item")];
  if (items.length === 0) return;
  event.preventDefault();
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = items.indexOf(document.activeElement);
  items.at((at + step + items.length) % items.length).focus();
});
