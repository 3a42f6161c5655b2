// Show the key numbers as tiles. Only the texts that change are touched, so nothing flickers.

const SIGNS = { breached: "■", at_risk: "▲" };
const WIDTH = 96;
const HEIGHT = 22;

function makeTile(tile) {
  const card = document.createElement("div");
  card.className = "tile";
  card.dataset.testid = `tile-${tile.key}`;
  for (const part of ["tile-label", "tile-value", "tile-detail"]) {
    const line = document.createElement("div");
    line.className = part;
    card.append(line);
  }
  card.insertAdjacentHTML(
    "beforeend",
    `<svg class="tile-trend" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true"><path class="area"/><path class="line"/></svg>`,
  );
  return card;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function drawTrend(svg, counts) {
  svg.style.display = counts.length > 1 ? "" : "none";
  if (counts.length < 2) return;
  const top = Math.max(...counts, 1);
  const points = counts.map(
    (count, i) => `${((i * WIDTH) / (counts.length - 1)).toFixed(1)},${(HEIGHT - 1 - (count / top) * (HEIGHT - 3)).toFixed(1)}`,
  );
  svg.querySelector(".line").setAttribute("d", `M${points.join("L")}`);
  svg.querySelector(".area").setAttribute("d", `M0,${HEIGHT}L${points.join("L")}L${WIDTH},${HEIGHT}Z`);
}

function fill(card, tile) {
  const [label, value, detail] = card.children;
  const sign = SIGNS[tile.status];
  setText(label, sign ? `${sign} ${tile.label}` : tile.label);
  setText(value, tile.text);
  setText(detail, tile.detail);
  card.dataset.status = tile.status;
  card.dataset.number = tile.number ?? "";
  drawTrend(card.querySelector("svg"), tile.trend);
}

function render({ model, el }) {
  el.classList.add("tiles");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "Key numbers");
  const cards = new Map();
  const show = () => {
    for (const tile of model.get("tiles")) {
      if (!cards.has(tile.key)) {
        cards.set(tile.key, makeTile(tile));
        el.append(cards.get(tile.key));
      }
      fill(cards.get(tile.key), tile);
    }
  };
  show();
  model.on("change:tiles", show);
}

export default { render };
