"use strict";

// Shows the OpenAPI document that lies beside this page. Everything is put in as text, never as HTML.

const REF = "#/components/schemas/";
let schemas = {};

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

function prose(text) {
  const joined = String(text || "").replace(/([^\n])\n(?=[^\n])/g, "$1 ");
  return joined.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

function resolved(schema) {
  return schema && schema.$ref ? schemas[schema.$ref.slice(REF.length)] || {} : schema || {};
}

function branches(schema) {
  return schema.anyOf || schema.oneOf || null;
}

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.slice(REF.length);
  const some = branches(schema);
  if (some) return some.map(typeOf).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.type === "array") return typeOf(schema.items || {}) + "[]";
  if (schema.type === "object" && typeof schema.additionalProperties === "object") return "map of " + typeOf(schema.additionalProperties);
  return schema.format ? schema.type + " (" + schema.format + ")" : schema.type || "any";
}

function bounds(schema) {
  const words = { minimum: "at least ", maximum: "at most ", exclusiveMinimum: "more than ", minLength: "length from ", maxLength: "length to ", minItems: "items from ", maxItems: "items to ", pattern: "matches " };
  const found = [schema, ...(branches(schema) || [])].flatMap((one) => Object.keys(words).filter((name) => name in one).map((name) => words[name] + one[name]));
  return found.length ? " · " + found.join(", ") : "";
}

function insides(schema) {
  const plain = resolved(schema);
  const found = (branches(plain) || [plain]).map((one) => (one.type === "array" ? one.items || {} : one)).flatMap((one) => branches(resolved(one)) || [one]);
  return found.map((one) => [one.$ref ? one.$ref.slice(REF.length) : "", resolved(one)]).filter(([, one]) => one.properties);
}

function fields(schema, path) {
  const list = make("dl");
  const required = schema.required || [];
  for (const [name, field] of Object.entries(schema.properties || {})) {
    const line = make("dt", {}, make("code", field.deprecated ? { class: "older" } : {}, name), " ", make("span", { class: "type" }, typeOf(field) + bounds(field)));
    if (required.includes(name)) line.append(" ", make("span", { class: "mark" }, "required"));
    if (field.deprecated) line.append(" ", make("span", { class: "mark" }, "deprecated"));
    list.append(line);
    const fallback = "default" in field ? " Default: " + JSON.stringify(field.default) + "." : "";
    const about = make("dd", {}, ...prose((field.description || "") + fallback));
    for (const [label, inner] of insides(field)) {
      if (!path.includes(inner)) about.append(folded(label || name, () => fields(inner, [...path, inner])));
    }
    list.append(about);
  }
  return list;
}

function folded(label, content) {
  const box = make("details", {}, make("summary", {}, label));
  box.addEventListener("toggle", () => { if (box.open && box.children.length === 1) box.append(content()); });
  return box;
}

function body(schema) {
  const parts = insides(schema);
  if (!parts.length) return make("p", {}, typeOf(schema));
  if (parts.length === 1) return fields(parts[0][1], [parts[0][1]]);
  return make("div", {}, ...parts.map(([label, one]) => folded(label, () => fields(one, [one]))));
}

function json(value) {
  return make("pre", {}, JSON.stringify(value, null, 2));
}

function parameters(operation) {
  if (!operation.parameters.length) return null;
  const list = make("dl");
  for (const one of operation.parameters) {
    const line = make("dt", {}, make("code", one.deprecated ? { class: "older" } : {}, one.name), " ", make("span", { class: "type" }, one.in + " · " + typeOf(one.schema) + bounds(one.schema)));
    list.append(line, make("dd", {}, ...prose(one.description)));
  }
  return make("div", {}, make("h4", {}, "Parameters"), list);
}

function response(status, answer) {
  return folded(status + (Number(status) < 300 ? " " + answer.description : ""), () => {
    const box = make("div");
    if (Number(status) >= 300) box.append(make("p", { class: "text" }, ...prose(answer.description)));
    for (const content of Object.values(answer.content || {})) {
      box.append(body(content.schema));
      if (content.example) box.append(json(content.example));
    }
    return box;
  });
}

function section(path, method, operation) {
  const box = make("section", { id: operation.operationId });
  box.append(make("h3", operation.deprecated ? { class: "older" } : {}, operation.summary));
  box.append(make("div", { class: "route" }, make("span", { class: "method " + method }, method), make("code", {}, path), operation.deprecated ? make("span", { class: "mark" }, "deprecated") : null));
  box.append(make("p", {}, ...prose(operation.description)));
  const found = parameters(operation);
  if (found) box.append(found);
  const content = operation.requestBody && operation.requestBody.content["application/json"];
  if (content) {
    box.append(make("h4", {}, "Body"), body(content.schema));
    if (content.example && Object.keys(content.example).length) box.append(make("h4", {}, "Example"), json(content.example));
  }
  box.append(make("h4", {}, "Replies"), ...Object.entries(operation.responses).map(([status, answer]) => response(status, answer)));
  return box;
}

function show(api) {
  schemas = api.components.schemas;
  const main = document.getElementById("top");
  const index = document.getElementById("index");
  main.replaceChildren(make("h1", {}, api.info.title + " API " + api.info.version), make("p", { class: "text" }, ...prose(api.info.description)));
  main.append(make("p", {}, "As a document: ", make("a", { href: "openapi.json" }, "openapi.json")));
  const all = Object.entries(api.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => [path, method.toUpperCase(), operation]));
  for (const tag of api.tags) {
    const mine = all.filter(([, , operation]) => operation.tags.includes(tag.name));
    main.append(make("h2", {}, tag.name));
    index.append(make("h2", {}, tag.name));
    for (const [path, method, operation] of mine) {
      main.append(section(path, method, operation));
      const words = [operation.summary, path, method].join(" ").toLowerCase();
      index.append(make("a", { href: "#" + operation.operationId, "data-words": words, class: operation.deprecated ? "older" : "" }, operation.summary));
    }
  }
  document.getElementById("find").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const link of index.querySelectorAll("a")) link.hidden = !link.dataset.words.includes(wanted);
  });
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target) target.scrollIntoView();
}

fetch("openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error("status " + answer.status))))
  .then(show)
  .catch((error) => { document.getElementById("state").textContent = "The description could not be read: " + error.message; });
