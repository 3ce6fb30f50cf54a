"use strict";
(() => {
  const list = document.getElementById("list");
  const cards = [...list.children];
  const [find, type, order, count] = ["find", "type", "order", "count"].map((id) => document.getElementById(id));
  const texts = new Map(cards.map((card) => [card, (card.querySelector(".ask").textContent + " " + card.querySelector(".about").textContent).toLowerCase()]));
  const by = { gold: (card) => +card.dataset.n, worst: (card) => +card.dataset.worth };
  const show = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const card of cards) {
      const fits = (!type.value || card.dataset.type === type.value) && words.every((word) => texts.get(card).includes(word));
      card.hidden = !fits;
      shown += fits;
    }
    count.textContent = shown + " of " + cards.length;
  };
  const sort = () => list.append(...cards.sort((a, b) => by[order.value](a) - by[order.value](b) || a.dataset.n - b.dataset.n));
  const open = () => {
    const body = /^#q\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (!body) return;
    body.parentElement.hidden = false;
    body.parentElement.open = true;
    body.parentElement.scrollIntoView();
  };
  find.addEventListener("input", show);
  type.addEventListener("change", show);
  order.addEventListener("change", sort);
  addEventListener("hashchange", open);
  document.querySelector(".filter").hidden = false;
  show();
  open();
})();
