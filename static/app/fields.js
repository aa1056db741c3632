// The menu of filters: what is typed leaves the fields whose names contain it.
document.addEventListener("input", (event) => {
  const { finds } = event.target.dataset ?? {};
  const list = finds && document.querySelector(finds);
  if (!list) return;
  const words = event.target.value.trim().toLowerCase();
  for (const item of list.querySelectorAll("a")) {
    item.hidden = !item.textContent.toLowerCase().includes(words);
  }
  for (const group of list.querySelectorAll("[data-group]")) {
    group.hidden = !group.querySelector("a:not([hidden])");
  }
});

// Enter opens the first field that is left, as the form around it has nothing to send.
document.addEventListener("keydown", (event) => {
  const { finds } = event.target.dataset ?? {};
  if (!finds || event.key !== "Enter") return;
  event.preventDefault();
  document.querySelector(finds)?.querySelector("a:not([hidden])")?.click();
});
