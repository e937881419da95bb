// Copyright 2026 the mmser_ros contributors
// SPDX-License-Identifier: Apache-2.0
// The code of the page of a scene memory.
"use strict";
const { graph, outlines, colours } = JSON.parse(document.getElementById("data").textContent);
const STRUCTURE = ["contains", "path", "at"]; // edges that are not relations of objects
const LAYERS = { rooms: "rooms", paths: "places and paths", relations: "relations", objects: "objects", robots: "robots" };
const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
const layer = (name) => graph.nodes.filter((node) => node.layer === name);
const edges = (key) => graph.edges.filter((edge) => edge.key === key);
const relations = graph.edges.filter((edge) => !STRUCTURE.includes(edge.key));
const holder = new Map(edges("contains").map((edge) => [edge.target, edge.source]));
const objects = layer("object").sort((a, b) => b.probability - a.probability);
const by_id = (id) => document.getElementById(id);

// Texts. They are set as text, never as HTML.
const called = (node) => node.layer === "object"
  ? [...node.attributes.split(",").slice(0, 1), node.label].join(" ").trim() : node.label || node.id;
const metres = (node) => ["x", "y", "z"].map((axis) => node[axis].toFixed(2)).join(", ") + " m";
const moment = (stamp) => new Date(stamp / 1e6).toISOString().slice(0, 19).replace("T", " ") + " UTC";
const searched = (node) => [called(node), node.attributes, node.kind, node.room].join(" ").toLowerCase();

function age(stamp) {
  const seconds = (graph.graph.stamp - stamp) / 1e9;
  const [size, unit] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([one]) => seconds >= one) ?? [1, "s"];
  return `${+(seconds / size).toFixed(1)} ${unit}`;
}

function svg(name, parent, attributes = {}) {
  const element = parent.appendChild(document.createElementNS("http://www.w3.org/2000/svg", name));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function html(name, parent, text = "", attributes = {}) {
  const element = parent.appendChild(document.createElement(name));
  element.textContent = text;
  return Object.assign(element, attributes);
}

// What is drawn: shapes in metres, names in pixels.
const groups = Object.fromEntries(Object.keys(LAYERS).map((name) => [name, svg("g", by_id("shapes"))]));
const names = [];
const shown = Object.fromEntries(Object.keys(LAYERS).map((name) => [name, true]));

function draw() {
  const line = (edge, parent, kind) => {
    const [a, b] = [nodes.get(edge.source), nodes.get(edge.target)];
    return svg("line", parent, { class: kind, x1: a.x, y1: a.y, x2: b.x, y2: b.y });
  };
  const dot = (node, parent, attributes) => svg("path", parent, { d: `M${node.x},${node.y}h0`, ...attributes });
  const name = (kind, text, x, y, parts = []) => {
    const element = svg("text", by_id("names"), { class: kind + "-name" });
    element.textContent = text;
    names.push({ kind, x, y, element });
    parts.push(element);
  };
  for (const room of layer("room")) {
    const d = outlines[room.id].map((corners) => `M${corners.join("L")}Z`).join("");
    const paint = { fill: colours.rooms[room.id], stroke: colours.rooms[room.id] };
    choosable(svg("path", groups.rooms, { class: "room", d, ...paint }), room, false);
    if (room.label) name("room", room.label, room.x, room.y);
  }
  for (const edge of edges("path")) if (edge.source < edge.target) line(edge, groups.paths, "path");
  for (const place of layer("place")) choosable(dot(place, groups.paths, { class: "place" }), place, false);
  for (const robot of layer("robot")) {
    choosable(dot(robot, groups.robots, { class: "robot" }), robot);
    name("robot", robot.label, robot.x, robot.y);
  }
  for (const object of objects) {
    const stroke = colours.kinds[object.kind] ?? colours.none, { x, y, probability } = object;
    const paint = { "stroke-opacity": probability ** 2, "stroke-width": 6 + 6 * probability };
    object.parts = [
      svg("circle", groups.objects, { class: "unsure", cx: x, cy: y, r: object.sigma, stroke, fill: stroke }),
      dot(object, groups.objects, { class: "object", stroke, ...paint }),
    ];
    choosable(object.parts[1], object);
    name("object", called(object), x, y, object.parts);
  }
  for (const edge of relations) {
    const [a, b] = [nodes.get(edge.source), nodes.get(edge.target)];
    line(edge, groups.relations, "relation");
    choosable(line(edge, groups.relations, "grip"), edge);
    name("relation", edge.key, (a.x + b.x) / 2, (a.y + b.y) / 2);
  }
  for (const one of names) one.width = one.element.getComputedTextLength(); // last, so that the page is laid out once
}

function choosable(shape, what, hover = true) {
  shape.addEventListener("click", () => dragged || choose(what));
  if (!hover) return;
  shape.addEventListener("pointerenter", () => pointers.size || describe(what));
  shape.addEventListener("pointerleave", () => describe(chosen));
}

// The view: pixels = scale * metres + offset, with y upwards. Labels that would cover others are hidden.
const view = { scale: 1, x: 0, y: 0 };
const HEIGHTS = { room: 19, robot: 13, object: 13, relation: 11 }; // of letters; the first come first

function show() {
  by_id("shapes").setAttribute("transform", `matrix(${view.scale},0,0,${-view.scale},${view.x},${view.y})`);
  const pixel = ({ x, y }) => [view.x + view.scale * x, view.y - view.scale * y];
  const in_sight = ([x, y]) => x > 0 && y > 0 && x < innerWidth && y < innerHeight;
  const taken = shown.objects ? objects.map(pixel).filter(in_sight).map(([x, y]) => [x - 4, y - 4, x + 4, y + 4]) : [];
  const free = (box) => taken.every((one) => box[2] < one[0] || one[2] < box[0] || box[3] < one[1] || one[3] < box[1]);
  const rank = (one) => Object.keys(HEIGHTS).indexOf(one.kind) - 4 * one.element.classList.contains("hit");
  for (const { kind, element, width, ...point } of [...names].sort((a, b) => rank(a) - rank(b))) {
    const [x, y] = pixel(point), middle = -width / 2;
    const corners = kind === "relation" ? [[middle, 4]]
      : kind === "room" ? [[middle, 6], [middle, 30], [middle, -18], [10, 6], [-10 - width, 6]]
      : [[9, 4], [-9 - width, 4], [middle, -10], [middle, 20]];
    const boxes = corners.map(([left, down]) => [x + left, y + down - HEIGHTS[kind], x + left + width, y + down + 3]);
    const box = shown[kind + "s"] && in_sight([x, y]) && boxes.find(free);
    element.style.display = box ? "" : "none";
    if (!box) continue;
    taken.push(box);
    element.setAttribute("x", box[0]);
    element.setAttribute("y", box[3] - 3);
  }
}

function show_whole() {
  const among = (axis) => [...graph.nodes.map((node) => node[axis]), ...Object.values(outlines).flat(2).map((one) => one["xy".indexOf(axis)])];
  const [xs, ys] = [among("x"), among("y")].map((all) => [all.reduce((a, b) => Math.min(a, b), Infinity), all.reduce((a, b) => Math.max(a, b), -Infinity)]);
  const left = innerWidth > 700 ? 300 : 20, [wide, high] = [innerWidth - left - 20, innerHeight - 40];
  if (!graph.nodes.length) return;
  view.scale = Math.min(wide / Math.max(1, xs[1] - xs[0]), high / Math.max(1, ys[1] - ys[0]));
  view.x = left + wide / 2 - view.scale * (xs[0] + xs[1]) / 2;
  view.y = innerHeight / 2 + view.scale * (ys[0] + ys[1]) / 2;
  show();
}

function zoom(factor, x, y) {
  view.scale *= factor;
  view.x = x + factor * (view.x - x);
  view.y = y + factor * (view.y - y);
}

function go_to(node) {
  view.scale = Math.max(view.scale, 150);
  view.x = innerWidth / 2 - view.scale * node.x;
  view.y = innerHeight / 2 + view.scale * node.y;
  show();
  choose(node);
}

// Panning with one pointer, pinching with two.
const pointers = new Map();
let dragged = false;
by_id("map").addEventListener("pointerdown", (event) => {
  pointers.set(event.pointerId, event);
  dragged = pointers.size > 1;
});
addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const other = [...pointers.values()].find((one) => one !== before);
  const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
  if (!dragged && Math.hypot(dx, dy) < 4) return;
  dragged = true;
  pointers.set(event.pointerId, event);
  if (other) {
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
    zoom(apart(event) / apart(before), other.clientX, other.clientY);
  } else {
    view.x += dx;
    view.y += dy;
  }
  show();
});
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, (event) => pointers.delete(event.pointerId));
by_id("map").addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX, event.clientY);
  show();
}, { passive: false });

// Details of an object, a room, a place, a robot or a relation.
let chosen = null;

function choose(what) {
  chosen?.parts?.[1].classList.remove("chosen");
  chosen = what;
  chosen?.parts?.[1].classList.add("chosen");
  describe(what);
}

function describe(what) {
  const details = by_id("details");
  details.replaceChildren();
  details.hidden = !what;
  if (!what) return;
  html("button", details, "close", { id: "close", onclick: () => choose(null) });
  if (what.key) describe_relation(what, details);
  else describe_node(what, details);
}

function rows(details, facts) {
  const list = html("dl", details);
  for (const [name, value] of facts) {
    html("dt", list, name);
    html("dd", list, value);
  }
}

function link(parent, node) {
  html("button", parent, called(node), { onclick: () => go_to(node) });
}

function provenance(details, { caption, caption_stamp, robot }) {
  html("blockquote", details, `“${caption}”`);
  if (robot) html("small", details, `by ${robot}, image of ${moment(caption_stamp)}`);
}

function describe_relation(edge, details) {
  html("h2", details, edge.key);
  sentence(edge, details);
  const geometry = { 1: "fits", 0: "unknown", "-1": "contradicts" }[edge.geometry];
  rows(details, [["probability", edge.probability.toFixed(2)], ["geometry", geometry]]);
  provenance(details, edge);
}

function sentence(edge, parent) {
  const row = html("p", parent);
  link(row, nodes.get(edge.source));
  row.append(` ${edge.key} `);
  link(row, nodes.get(edge.target));
}

function describe_node(node, details) {
  html("h2", details, called(node));
  const room = node.layer === "object" ? nodes.get(holder.get(holder.get(node.id))) : nodes.get(holder.get(node.id));
  const facts = [["layer", node.layer], ["position", metres(node)]];
  if (node.layer === "object") facts.splice(1, 0, ["kind", node.kind], ["attributes", node.attributes.replaceAll(",", ", ") || "none"],
    ["probability", node.probability.toFixed(3)], ["± position", `${node.sigma.toFixed(2)} m`], ["moved", `${node.moves} times`]);
  if (node.layer === "place" || node.layer === "object") facts.push(["room", room?.label || "unnamed"],
    ["first seen", moment(node.first_seen)], ["last seen", moment(node.last_seen)], ["age", age(node.last_seen)]);
  if (node.layer === "robot") facts.push(["last seen", moment(node.stamp)]);
  rows(details, [...facts, ["name", node.id]]);
  if (node.layer === "object") {
    provenance(details, node);
    relations.filter((edge) => edge.source === node.id || edge.target === node.id).forEach((edge) => sentence(edge, details));
    return;
  }
  const inside = objects.filter((object) => [holder.get(object.id), holder.get(holder.get(object.id))].includes(node.id));
  if (inside.length) html("p", details, inside.length === 1 ? "1 object:" : `${inside.length} objects:`);
  inside.forEach((object) => link(html("div", details), object));
}

// The panel.
function search() {
  const asked = by_id("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = asked.length ? objects.filter((object) => asked.every((word) => searched(object).includes(word))) : [];
  by_id("map").classList.toggle("faint", asked.length > 0);
  for (const object of objects) for (const part of object.parts) part.classList.toggle("hit", hits.includes(object));
  by_id("count").textContent = asked.length ? `${hits.length} found` : "";
  by_id("hits").replaceChildren();
  hits.slice(0, 8).forEach((object) => link(html("div", by_id("hits")), object));
  show();
  return hits;
}

function fill_panel() {
  document.title = by_id("title").textContent = `map ${graph.graph.map_id}`;
  const counts = ["object", "room", "place", "robot"].map((name) => [layer(name).length, name]);
  const words = counts.map(([number, name]) => `${number} ${name}${number === 1 ? "" : "s"}`);
  by_id("about").textContent = `${words.join(", ")}; as of ${moment(graph.graph.stamp)}`;
  for (const [name, text] of Object.entries(LAYERS)) {
    const label = html("label", by_id("layers"));
    const box = html("input", label, "", { type: "checkbox", checked: true });
    label.append(" " + text);
    box.addEventListener("change", () => {
      shown[name] = box.checked;
      groups[name].style.display = box.checked ? "" : "none";
      show();
    });
  }
  for (const [kind, colour] of Object.entries(colours.kinds)) {
    if (!objects.some((object) => object.kind === kind)) continue;
    const label = html("label", by_id("legend"));
    html("span", label, "", { className: "swatch" }).style.background = colour;
    label.append(kind);
  }
  html("small", by_id("legend"), "Circles: standard deviation of a position. Larger and darker: more probable.");
}

fill_panel();
draw();
show_whole();
addEventListener("resize", show);
by_id("whole").addEventListener("click", show_whole);
by_id("search").addEventListener("input", search);
by_id("search").addEventListener("keydown", (event) => {
  const [first] = event.key === "Enter" ? search() : [];
  if (first) go_to(first);
});
addEventListener("keydown", (event) => event.key === "Escape" && choose(null));
