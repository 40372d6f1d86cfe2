import "./style.css";

import { render } from "preact";

import { App } from "./app";
import { start } from "./calls";
import { restore } from "./entry";
import { keepFocus } from "./focus";

const page = document.getElementById("page");
if (page) {
  render(<App />, page);
  keepFocus(page);
}
void start(restore());
