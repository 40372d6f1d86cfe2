import "./style.css";

import { render } from "preact";

import { App } from "./app";
import { start } from "./calls";
import { restore } from "./entry";

const page = document.getElementById("page");
if (page) render(<App />, page);
void start(restore());
