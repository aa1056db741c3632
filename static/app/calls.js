// Whoever dials is asked to write down how it went: below the row, or by a message on a record.
import { show } from "./toasts.js";

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='tel:']");
  if (!link) return;
  const { log, logUrl } = link.dataset;
  if (log && logUrl && window.htmx) {
    window.htmx.ajax("GET", `${logUrl}&why=call`, { source: link, target: log, swap: "innerHTML" });
  } else if (document.getElementById("composer")) {
    const { logIt, logCall } = document.body.dataset;
    show({ text: logIt, link: { url: "?compose=call#composer", label: logCall } });
  }
});
