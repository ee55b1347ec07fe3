// The customer's page begins here: /v/<token>.

import "../shared/base.css";
import "./track.css";

import { render } from "preact";
import { TrackPage } from "./page.tsx";

const token = /^\/v\/([^/]+)\/?$/.exec(location.pathname)?.[1] ?? null;
const place = document.getElementById("app");
if (place) render(<TrackPage token={token} />, place);
