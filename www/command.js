// How this installation's operator calls metactl. nginx/serve, whose programs lie in a folder of their own, answers in its place.
export const metactl = "metactl";
