export const metactl = "metactl"; // nginx/serve answers in its place.
