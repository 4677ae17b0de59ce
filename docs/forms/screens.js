// What every renderer needs of Concord's OpenAPI document: which screens there are, and of each screen the groups,
// fields, choices and conditions. Nothing here knows any setting by name.

/** The screens for an audience ("user" or "administrator"), in order, each with its schema. */
export function screens(document, audience) {
  return document["x-screens"]
    .filter((screen) => !audience || screen.audience === audience)
    .sort((one, other) => one.order - other.order)
    .map((screen) => ({ ...screen, schema: followed(document, screen.schema) }));
}

const followed = (document, pointer) =>
  pointer.replace(/^#?\//, "").split("/").reduce((part, step) => part[step], document);

/** The groups of a schema in order, each with its fields in order; what is for no screen is left out. */
export function groups(schema) {
  return [...(schema["x-groups"] ?? [])]
    .sort((one, other) => one.order - other.order)
    .map((group) => ({ ...group, fields: fields(schema).filter(([, part]) => part["x-group"] === group.id) }))
    .filter((group) => group.fields.length);
}

/** The fields of a schema, or of a field that has fields, in order. */
export const fields = (schema) =>
  Object.entries(schema.properties)
    .filter(([, part]) => part["x-widget"] !== "hidden")
    .sort(([, one], [, other]) => one["x-order"] - other["x-order"]);

/** Whether a field is to be shown: every field that it names has one of its values. */
export const shown = (part, values) =>
  Object.entries(part["x-show-if"] ?? {}).every(([name, allowed]) => allowed.includes(values[name]));

/** What a field is called, with its unit. */
export const label = (part) => (part["x-unit"] ? `${part.title} (${part["x-unit"]})` : part.title);

/**
 * The field with the CRM's own words as its choices. `answers` has the answer of each operation that `x-options`
 * name: {"workspace.get": {...}}. A word that was chosen and is no longer among them stays a choice.
 */
export function withWords(part, answers, chosen = []) {
  const wanted = part["x-options"];
  if (!wanted || !answers?.[wanted.operation]) return part;
  const words = followed(answers[wanted.operation], wanted.pointer);
  const choices = words.map((word) => ({ const: word[wanted.value], title: word[wanted.title] }));
  const lost = chosen.filter((value) => !choices.some((choice) => choice.const === value));
  const items = { type: "string", oneOf: [...choices, ...lost.map((value) => ({ const: value, title: value }))] };
  return { ...part, uniqueItems: true, items: items.oneOf.length ? items : part.items };
}

/** What to send: of the fields of the screen those that the person changed (a merge patch). */
export const patch = (schema, before, after) =>
  Object.fromEntries(
    fields(schema)
      .filter(([name, part]) => !part.readOnly && JSON.stringify(before[name]) !== JSON.stringify(after[name]))
      .map(([name]) => [name, after[name] ?? null]),
  );

/** What to ask the person before a patch is sent: show the preview, then these. */
export const confirmations = (schema, changes) =>
  fields(schema)
    .filter(([name, part]) => part["x-confirm"]?.values.includes(changes[name]))
    .map(([name, part]) => ({ field: name, danger: part["x-danger"], ...part["x-confirm"] }));
