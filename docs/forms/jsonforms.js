// A screen for JSON Forms: what its <JsonForms> takes. Conditions become rules, so it is made once for each screen.

import { and, rankWith, schemaMatches, uiTypeIs } from "@jsonforms/core";
import { withJsonFormsMultiEnumProps } from "@jsonforms/react";
import { vanillaCells, vanillaRenderers } from "@jsonforms/vanilla-renderers";
import { createElement } from "react";
import { fields, groups, label, withWords } from "./screens.js";

export function jsonforms(schema, values, answers) {
  const properties = Object.entries(schema.properties).map(([name, part]) => [name, optional(withWords(part, answers, values[name]))]);
  return {
    schema: { type: "object", properties: Object.fromEntries(properties) },
    uischema: {
      type: "VerticalLayout",
      elements: groups(schema).map((group) => ({
        type: "Group",
        label: group.title,
        elements: group.fields.map(([name, part]) => element(`#/properties/${name}`, part)),
        ...showIfAny(group.fields.map(([, part]) => part["x-show-if"])),
      })),
    },
    renderers: [...vanillaRenderers, { tester: severalOf, renderer: Several }],
    cells: vanillaCells,
    config: { showUnfocusedDescription: true },
    i18n: { translate: (key, text, context) => (key === "enum.none" ? context.schema["x-none"] : null) ?? text },
  };
}

/** The plain renderers have an entry of their own for "nothing chosen": it is called what the document calls null. */
function optional(part) {
  if (part.type === "object")
    return { ...part, properties: Object.fromEntries(Object.entries(part.properties).map(([name, inner]) => [name, optional(inner)])) };
  const none = part.oneOf?.find((option) => option.const === null);
  return none ? { ...part, oneOf: part.oneOf.filter((option) => option !== none), "x-none": none.title } : part;
}

function element(scope, part) {
  if (part.type === "object")
    return {
      type: "Group",
      label: label(part),
      elements: [
        { type: "Label", text: part.description },
        ...fields(part).map(([name, inner]) => element(`${scope}/properties/${name}`, inner)),
      ],
      ...showIfAny([part["x-show-if"]]),
    };
  return {
    type: "Control",
    scope,
    label: label(part),
    options: { format: part["x-widget"], danger: part["x-danger"] },
    ...showIfAny([part["x-show-if"]]),
  };
}

/** A rule that shows an element where any of these conditions holds; without one it is always shown. */
function showIfAny(conditions) {
  if (!conditions.every(Boolean)) return {};
  return { rule: { effect: "SHOW", condition: { scope: "#", schema: { anyOf: conditions.map(holds) } } } };
}

const holds = (condition) => ({
  required: Object.keys(condition),
  properties: Object.fromEntries(Object.entries(condition).map(([name, allowed]) => [name, { enum: allowed }])),
});

/** Several of a list of choices, as boxes to tick: the one thing that the plain renderers lack. */
const severalOf = rankWith(10, and(uiTypeIs("Control"), schemaMatches((part) => part.type === "array" && !!part.items?.oneOf)));

const Several = withJsonFormsMultiEnumProps(({ data, options, path, label: title, description, visible, enabled, addItem, removeItem }) =>
  createElement(
    "fieldset",
    { hidden: !visible },
    createElement("legend", null, title),
    createElement("div", null, description),
    ...options.map((option) => {
      const checked = (data ?? []).includes(option.value);
      const onChange = () => (checked ? removeItem : addItem)(path, option.value);
      return createElement("label", { key: option.value }, createElement("input", { type: "checkbox", checked, onChange, disabled: !enabled }), option.label);
    }),
  ),
);
