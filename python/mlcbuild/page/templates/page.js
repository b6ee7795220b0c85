"use strict";
// The pictures are complete without this script; it adds search, zoom and what a box is about.
for (const root of document.querySelectorAll("[data-graph]")) start(root);

// Closed details would be missing on paper; long lists that a table repeats stay closed.
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details[data-print]:not([open])")) { each.dataset.was = "closed"; each.open = true; }
});
addEventListener("afterprint", () => {
  for (const each of document.querySelectorAll("details[data-was]")) { each.open = false; delete each.dataset.was; }
});

function start(root) {
  const { nodes, links } = JSON.parse(root.querySelector("script").textContent);
  const canvas = root.querySelector(".canvas"), panel = root.querySelector(".panel"), stage = root.querySelector(".stage");
  const search = root.querySelector("input[type=search]"), found = root.querySelector(".found");
  const needs = nodes.map(() => []), users = nodes.map(() => []);
  for (const [source, target, late] of links) { needs[source].push([target, late]); users[target].push([source, late]); }
  const box = canvas.querySelector(".node rect"), wide = +box.getAttribute("width"), high = +box.getAttribute("height");
  const words = nodes.map((node) => `${node.name} ${node.group} ${node.state}`.toLowerCase());
  // Each picture by itself: its boxes by the number of what they show, and where they are.
  const views = [...canvas.querySelectorAll("svg")].map((svg) => {
    const boxes = new Map(), at = new Map();
    for (const each of svg.querySelectorAll(".node")) {
      const rect = each.querySelector("rect");
      boxes.set(+each.dataset.i, each);
      at.set(+each.dataset.i, [+rect.getAttribute("x"), +rect.getAttribute("y")]);
    }
    return { svg, boxes, at, lit: svg.querySelector(".lit") };
  });
  const whole = views.at(-1);
  const narrow = canvas.clientWidth < 500;
  const few = views.find(({ svg }) => svg.classList.contains("trouble") && svg.classList.contains("tall") === narrow) || whole;
  let view = few;
  let chosen = -1, hits = [], at = -1, scale = 1, left = 0, top = 0, asked = false, resting = 0;

  // ---- moving and zooming: one transform, at most once a frame
  // While it moves the picture is a bitmap that is shifted; at rest it is drawn again, sharp.
  function draw() {
    if (asked) return;
    asked = true;
    canvas.classList.add("moving");
    clearTimeout(resting);
    resting = setTimeout(() => canvas.classList.remove("moving"), 200);
    requestAnimationFrame(() => {
      asked = false;
      view.svg.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
    });
  }
  function point(event) {
    const frame = canvas.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }
  function middle() { return [canvas.clientWidth / 2, canvas.clientHeight / 2]; }
  function zoom(factor, x, y) {
    const next = Math.min(Math.max(scale * factor, 0.05), 8);
    left = x - (x - left) * next / scale;
    top = y - (y - top) * next / scale;
    scale = next;
    draw();
  }
  function size() {
    let right = 1, bottom = 1;
    for (const block of view.svg.querySelectorAll(".block")) {
      if (block.classList.contains("provided") && canvas.classList.contains("bare")) continue;
      const frame = block.querySelector("rect");
      right = Math.max(right, +frame.getAttribute("x") + +frame.getAttribute("width") + 12);
      bottom = Math.max(bottom, +frame.getAttribute("y") + +frame.getAttribute("height") + 12);
    }
    return [right, bottom];
  }
  function fit() {
    const [right, bottom] = size();
    scale = Math.min(canvas.clientWidth / right, canvas.clientHeight / bottom, 1.6);
    left = top = 0;
    draw();
  }
  // Boxes grow to the width, and the frame to the boxes; what has no room at a size to read is beyond its edge.
  function show(next) {
    view = next;
    for (const each of views) each.svg.classList.toggle("off", each !== view);
    if (trouble) trouble.checked = view !== whole;
    provided.parentElement.hidden = view !== whole;   // they are not in it
    const [right, bottom] = size();
    scale = Math.min(Math.max(canvas.clientWidth / right, 0.75), 1.6);
    stage.style.setProperty("--high", `${Math.min(Math.max(bottom * scale, 200), Math.max(innerHeight * 0.65, 320))}px`);
    left = top = 0;
    choose(chosen);
    draw();
  }
  function reveal(index) {
    const [x, y] = view.at.get(index), [midX, midY] = middle();
    scale = Math.max(scale, 0.9);   // so that names can be read
    left = midX - (x + wide / 2) * scale;
    top = midY - (y + high / 2) * scale;
    draw();
  }
  const provided = root.querySelector(".provided[type=checkbox]"), trouble = root.querySelector(".trouble");
  canvas.classList.add("live");
  show(view);
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !canvas.contains(document.activeElement)) return;   // else the page scrolls
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / (event.deltaMode ? 20 : 400)), ...point(event));
  }, { passive: false });
  // Focus must not scroll what only its transform moves.
  canvas.addEventListener("scroll", () => { canvas.scrollTop = canvas.scrollLeft = 0; });
  let held = null;
  canvas.addEventListener("pointerdown", (event) => { held = { x: event.clientX, y: event.clientY, left, top, moved: false }; });
  canvas.addEventListener("pointermove", (event) => {
    if (!held || !event.buttons) return;
    const dx = event.clientX - held.x, dy = event.clientY - held.y;
    if (!held.moved && Math.hypot(dx, dy) < 4) return;
    if (!held.moved) { held.moved = true; canvas.setPointerCapture(event.pointerId); }
    left = held.left + dx;
    top = held.top + dy;
    draw();
  });
  canvas.addEventListener("click", (event) => {
    if (held && held.moved) return;
    const hit = event.target.closest(".node");
    choose(hit ? +hit.dataset.i : -1);
    (hit || canvas).focus({ preventScroll: true });
  });
  for (const button of root.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => {
      if (button.dataset.zoom === "fit") fit();
      else zoom(button.dataset.zoom === "in" ? 1.4 : 1 / 1.4, ...middle());
    });
  }

  // ---- choosing: its arrows are drawn, all else steps back
  function hidden(index) { return !view.boxes.has(index) || (nodes[index].state === "provided" && canvas.classList.contains("bare")); }
  function uncover(index) {
    if (!view.boxes.has(index)) show(whole);
    if (hidden(index)) provided.click();
  }
  function arrow(source, target, kind, late) {
    if (hidden(source) || hidden(target)) return;
    const [sx, sy] = view.at.get(source), [tx, ty] = view.at.get(target), half = high / 2;
    const way = tx < sx ? -1 : 1;
    let x1 = tx < sx ? sx : sx + wide, x2 = tx < sx ? tx + wide : tx;
    const bend = Math.max(Math.abs(x2 - x1) / 2, 24);
    let c1 = x1 + way * bend, c2 = x2 - way * bend;
    if (tx === sx) { x1 = x2 = sx; c1 = c2 = sx - 24; }
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", `M${x1} ${sy + half}C${c1} ${sy + half} ${c2} ${ty + half} ${x2} ${ty + half}`);
    path.setAttribute("class", kind + (late ? " late" : ""));
    view.lit.append(path);
  }
  function choose(index) {
    for (const each of view.boxes.values()) each.classList.remove("chosen", "near");
    view.lit.replaceChildren();
    chosen = index;
    canvas.classList.toggle("quiet", index >= 0 || hits.length > 0);
    if (index < 0) { panel.replaceChildren(text("p", "Choose a box to see what it needs and who needs it.", "soft")); return; }
    view.boxes.get(index)?.classList.add("chosen");
    for (const [other, late] of needs[index]) { view.boxes.get(other)?.classList.add("near"); arrow(index, other, "need", late); }
    for (const [other, late] of users[index]) { view.boxes.get(other)?.classList.add("near"); arrow(other, index, "user", late); }
    describe(index);
  }
  function text(tag, words, kind) {
    const each = document.createElement(tag);
    each.textContent = words;
    if (kind) each.className = kind;
    return each;
  }
  function describe(index) {
    const node = nodes[index];
    panel.replaceChildren(text("p", node.name, "name"), text("p", `${node.group}: ${node.state}`, node.state));
    for (const line of node.lines) panel.append(text("p", line, "soft"));
    for (const [title, others] of [["needs", needs[index]], ["is needed by", users[index]]]) {
      if (!others.length) continue;
      panel.append(text("p", `${title} ${others.length}`, "list"));
      for (const [other, late] of others) {
        const button = text("button", nodes[other].name + (late ? " (delay-loaded)" : ""));
        button.type = "button";
        button.addEventListener("click", () => go(other));
        panel.append(button);
      }
    }
  }
  function go(index) {
    uncover(index);
    choose(index);
    reveal(index);
    view.boxes.get(index).focus({ preventScroll: true });
  }

  // ---- search
  function look() {
    const wanted = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    hits = wanted.length ? words.flatMap((line, index) => wanted.every((word) => line.includes(word)) ? [index] : []) : [];
    hits.sort((a, b) => (nodes[b].state === wanted[0]) - (nodes[a].state === wanted[0]));   // "missing" is a state first
    const marked = new Set(hits);
    for (const { boxes } of views) boxes.forEach((each, index) => each.classList.toggle("hit", marked.has(index)));
    at = -1;
    found.textContent = wanted.length ? `${hits.length} of ${nodes.length}` : "";
    canvas.classList.toggle("quiet", hits.length > 0 || chosen >= 0);
  }
  search.addEventListener("input", look);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && hits.length) {
      event.preventDefault();
      at = (at + (event.shiftKey ? hits.length - 1 : 1)) % hits.length;
      uncover(hits[at]);
      choose(hits[at]);
      reveal(hits[at]);
      found.textContent = `${at + 1} of ${hits.length}: ${nodes[hits[at]].name}`;
    } else if (event.key === "Escape") { search.value = ""; look(); choose(-1); }
  });
  provided.addEventListener("change", () => { canvas.classList.toggle("bare", !provided.checked); show(whole); });
  trouble?.addEventListener("change", () => show(trouble.checked ? few : whole));

  // ---- keyboard
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function neighbour(from, [dx, dy]) {
    const [x, y] = view.at.get(from);
    let best = -1, least = Infinity;
    view.at.forEach((place, index) => {
      const ahead = (place[0] - x) * dx + (place[1] - y) * dy;
      if (ahead <= 0 || hidden(index)) return;
      const aside = Math.abs((place[0] - x) * dy) + Math.abs((place[1] - y) * dx);
      if (ahead + aside * 3 < least) { least = ahead + aside * 3; best = index; }
    });
    return best;
  }
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = ways[event.key], focused = document.activeElement.closest(".node");
    if (way) {
      const next = focused ? neighbour(+focused.dataset.i, way) : chosen >= 0 ? chosen : view.boxes.keys().next().value;
      if (next >= 0) go(next);
    } else if (event.key === "Enter" || event.key === " ") { if (focused) go(+focused.dataset.i); }
    else if (event.key === "+" || event.key === "=") zoom(1.4, ...middle());
    else if (event.key === "-") zoom(1 / 1.4, ...middle());
    else if (event.key === "0") fit();
    else if (event.key === "Escape") { choose(-1); canvas.focus({ preventScroll: true }); }
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input") || event.ctrlKey || event.metaKey) return;
    if (root !== document.querySelector("[data-graph]")) return;   // several graphs: the first
    event.preventDefault();
    search.focus();
    search.select();
    root.scrollIntoView({ block: "nearest" });
  });
}
