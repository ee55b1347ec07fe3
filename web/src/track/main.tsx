// The customer's page begins here.

import { render } from "preact";

function Track() {
  return <h1>Doorstep</h1>;
}

const place = document.getElementById("app");
if (place) render(<Track />, place);
