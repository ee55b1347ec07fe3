// Whether this device draws maps at all; apart from the library, because it is asked before loading that.

export function drawsWebGl(): boolean {
  try {
    const canvas = document.createElement("canvas");
    return canvas.getContext("webgl2") !== null || canvas.getContext("webgl") !== null;
  } catch {
    return false;
  }
}
