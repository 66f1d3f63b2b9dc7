// Loaded before an observer's bundle: connections to an address listed in LAB_NET_ROUTES (JSON, "host:port" to
// "host:port") go to the other address, where the lab or a test can cut them. The code under test knows nothing of it.
import { Socket } from "node:net";

const routes = new Map(Object.entries(JSON.parse(process.env.LAB_NET_ROUTES ?? "{}")));
const { connect } = Socket.prototype;

Socket.prototype.connect = function connectRouted(...args) {
  // net.connect() passes its arguments already normalised, as one array; socket.connect() as they come.
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (typeof options === "object" && options !== null) {
    const route = routes.get(`${options.host}:${options.port}`);
    if (route !== undefined) {
      const [host, port] = route.split(":");
      const routed = { ...options, host, port: Number(port) };
      if (Array.isArray(args[0])) args[0][0] = routed;
      else args[0] = routed;
    }
  }
  return connect.apply(this, args);
};
