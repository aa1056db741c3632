// A dashboard is arranged with the mouse, too: where a card is let go, its place is sent along.
const form = () => document.getElementById("arrange");

function drop() {
  const cards = [...form().querySelectorAll("[data-card]")].map((card) => card.dataset.card);
  const field = form().elements.cards;
  if (field.value === cards.join(" ")) return;
  field.value = cards.join(" ");
  form().requestSubmit();
}

function begin() {
  const list = document.querySelector("[data-arrange]");
  if (!list || Sortable.get(list)) return;
  Sortable.create(list, {
    draggable: "[data-drag]",
    filter: "button",
    preventOnFilter: false,
    forceFallback: true,
    fallbackTolerance: 4,
    ghostClass: "c-arrange__slot",
    delay: 200,
    delayOnTouchOnly: true,
    onEnd: drop,
  });
}

document.addEventListener("htmx:afterSettle", begin);
begin();
