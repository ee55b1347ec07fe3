// The staff's page begins here: /console#token=….

import "../shared/base.css";
import "./console.css";

import { render } from "preact";
import { ConsolePage } from "./page.tsx";

const place = document.getElementById("app");
if (place) render(<ConsolePage />, place);
