// Preloaded: every server of this process listens on 127.0.0.1 only, and says on which port.
"use strict";

const net = require("net");

const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (port, ...rest) {
  this.once("listening", () => console.log(`PORT ${this.address().port}`));
  return listen.call(this, port, "127.0.0.1", ...rest);
};
