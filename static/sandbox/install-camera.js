// Puts a HeadCamera in the place of the machine's cameras, for this page only.

const DEVICE_ID = "sandbox-camera";
const FAILURES = {
  denied: () => new DOMException("Permission denied", "NotAllowedError"),
  none: () => new DOMException("Requested device not found", "NotFoundError"),
};

/**
 * From now on getUserMedia, enumerateDevices and permissions.query answer with `camera`, or with
 * `failure` ('denied' or 'none'; the camera may then be null). `label` is what the device is called.
 */
export function installCamera(camera, { label = "Sandbox camera", failure = null } = {}) {
  if (!navigator.mediaDevices) return; // no secure context, no cameras to replace
  const permission = cameraPermission();
  replace(navigator.mediaDevices, "getUserMedia", (original) => async (constraints) => {
    if (!constraints?.video) return original(constraints);
    permission.become(failure === "denied" ? "denied" : "granted");
    if (failure) throw FAILURES[failure]();
    await camera.start();
    const stream = camera.stream();
    stream.getVideoTracks().forEach((track) => disguise(track, camera, label));
    return stream;
  });
  replace(navigator.mediaDevices, "enumerateDevices", () => async () => {
    const known = permission.state === "granted";
    return failure === "none" ? [] : [deviceInfo(known ? DEVICE_ID : "", known ? label : "")];
  });
  if (!navigator.permissions) return;
  replace(navigator.permissions, "query", (original) => async (descriptor) =>
    (descriptor?.name === "camera" ? permission : original(descriptor)));
}

function replace(owner, name, make) {
  const original = owner[name].bind(owner);
  Object.defineProperty(owner, name, { value: make(original), configurable: true, writable: true });
}

/** Starts as 'prompt' like a browser that was never asked, and tells its listeners. */
function cameraPermission() {
  const permission = new EventTarget();
  permission.name = "camera";
  permission.state = "prompt";
  permission.onchange = null;
  permission.become = (state) => {
    if (permission.state === state) return;
    permission.state = state;
    const change = new Event("change");
    permission.dispatchEvent(change);
    permission.onchange?.(change);
  };
  return permission;
}

function deviceInfo(deviceId, label) {
  const info = { deviceId, label, kind: "videoinput", groupId: deviceId };
  return { ...info, toJSON: () => info };
}

function disguise(track, camera, label) {
  const settings = {
    deviceId: DEVICE_ID, facingMode: "user", frameRate: camera.fps, width: camera.width, height: camera.height,
  };
  Object.defineProperty(track, "label", { value: label });
  track.getSettings = () => ({ ...settings });
}
