// The staff's page begins here: /console#token=….

import "../shared/base.css";
import "./style/shell.css";
import "./style/marks.css";
import "./style/board.css";
import "./style/alerts.css";
import "./style/map.css";
import "./style/worker.css";
import "./invite/invite.css";
import "./style/devices.css";
import "./letters/letters.css";

import { render } from "preact";
import { ConsolePage } from "./page.tsx";

const place = document.getElementById("app");
if (place) render(<ConsolePage />, place);
