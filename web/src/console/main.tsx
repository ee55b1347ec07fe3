// The staff's page begins here.

import { render } from "preact";

function Console() {
  return <h1>Doorstep</h1>;
}

const place = document.getElementById("app");
if (place) render(<Console />, place);
