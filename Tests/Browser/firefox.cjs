// Loaded into Playwright's driver. It drives Firefox by WebDriver BiDi and asks for media features with a command that
// today's Firefox does not know; asked for its status instead, it answers, and keeps the features it has.
const { Module } = require("module");
const compile = Module.prototype._compile;
Module.prototype._compile = function (content, file) {
  return compile.call(this, file.endsWith("coreBundle.js") ? content.replaceAll('"emulation.setMediaFeaturesOverride"', '"session.status"') : content, file);
};
