// Draws screens as HTML: {"document", "cases": [{"screen", "renderer", "values", "answers"}]} comes in, a list of pages
// goes out. tests/forms/test_forms.py looks at them.

import { JsonForms } from "@jsonforms/react";
import Form from "@rjsf/core";
import validator from "@rjsf/validator-ajv8";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { jsonforms } from "./jsonforms.js";
import { rjsf } from "./rjsf.js";
import { screens } from "./screens.js";

const DRAWN = {
  rjsf: (schema, values, answers) => createElement(Form, { ...rjsf(schema, values, answers), formData: values, validator }),
  jsonforms: (schema, values, answers) => createElement(JsonForms, { ...jsonforms(schema, values, answers), data: values }),
};

let given = "";
for await (const piece of process.stdin) given += piece;
const { document, cases } = JSON.parse(given);
const pages = cases.map(({ screen, renderer, values, answers }) => {
  const { schema } = screens(document).find(({ id }) => id === screen);
  return renderToStaticMarkup(DRAWN[renderer](schema, values, answers));
});
process.stdout.write(JSON.stringify(pages));
