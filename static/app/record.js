// On a narrow window the columns of a record are tabs; the links lead to them without scripts too.
for (const record of document.querySelectorAll(".c-record[data-shown]")) {
  const tabs = [...record.querySelectorAll("[data-tab]")];
  const show = (name) => {
    record.dataset.shown = name;
    for (const tab of tabs) {
      if (tab.dataset.tab === name) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
  };
  for (const tab of tabs) {
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      show(tab.dataset.tab);
    });
  }
  // Where judgement has a column of its own, its tab is not drawn and the timeline is shown.
  const isDrawn = (tab) => tab.getClientRects().length > 0;
  const current = tabs.find((tab) => tab.dataset.tab === record.dataset.shown);
  const drawn = tabs.filter(isDrawn);
  if (drawn.length > 0 && !drawn.includes(current)) show(drawn[0].dataset.tab);
  // An address that points into a column shows it.
  const target = location.hash && document.getElementById(location.hash.slice(1));
  const column = target && record.contains(target) && target.closest("[data-column]");
  if (column) show(column.dataset.column);
}
