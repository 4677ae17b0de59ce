// A screen for react-jsonschema-form: what its <Form> takes. Call it again whenever the values change.

import { createElement } from "react";
import { fields, groups, label, shown, withWords } from "./screens.js";

const WIDGETS = { radio: "radio", select: "select", checkboxes: "checkboxes", switch: "checkbox", date: "date", number: "updown" };

export function rjsf(schema, values, answers) {
  const parts = groups(schema)
    .flatMap((group) => group.fields)
    .filter(([, part]) => shown(part, values))
    .map(([name, part]) => [name, withWords(part, answers, values[name])]);
  return {
    schema: { type: "object", properties: Object.fromEntries(parts) },
    uiSchema: {
      ...hints(parts),
      "ui:options": { groups: groups(schema), label: false },
      "ui:submitButtonOptions": { norender: true },
    },
    templates: { ObjectFieldTemplate },
  };
}

const hints = (parts) => ({
  "ui:order": parts.map(([name]) => name),
  ...Object.fromEntries(parts.map(([name, part]) => [name, hint(part)])),
});

function hint(part) {
  const said = { "ui:title": label(part), "ui:classNames": part["x-danger"] ?? "" };
  if (part.type === "object") return { ...said, ...hints(fields(part)) };
  if (part.type === "array" && part.items.oneOf) return { ...said, "ui:widget": "checkboxes" };
  return WIDGETS[part["x-widget"]] && part.type !== "array" ? { ...said, "ui:widget": WIDGETS[part["x-widget"]] } : said;
}

/** Draws the fields under the headings of their groups. */
function ObjectFieldTemplate({ title, description, properties, uiSchema }) {
  const known = uiSchema["ui:options"]?.groups;
  const drawn = Object.fromEntries(properties.map((property) => [property.name, property.content]));
  if (!known) return fieldset(title, [description, ...properties.map((property) => property.content)]);
  return known
    .map((group) => [group, group.fields.map(([name]) => drawn[name]).filter(Boolean)])
    .filter(([, contents]) => contents.length)
    .map(([group, contents]) => fieldset(group.title, contents, group.id));
}

const fieldset = (title, contents, key) =>
  createElement("fieldset", { key }, createElement("legend", null, title), ...contents);
