// What Meta's refusals and missing permissions mean for a person.
import { reasons } from "./words.js";

Object.assign(reasons, {
  expired: "The token has expired. Make a new one in Meta’s Graph API Explorer.",
  password_changed: "The owner’s Facebook password was changed, which ends every token. A new one is needed.",
  app_removed: "The owner removed the app from their Facebook account and must allow it again.",
  revoked: "The token was revoked or its owner logged out. A new one is needed.",
  login_required: "Facebook wants its owner to log in once; then the same token works again.",
  invalid: "Meta does not accept this token. Was it copied whole? Otherwise make a new one.",
  not_extended: "Meta gives no longer-lived token for it. Its owner has to log in again before it ends.",
  other_app: "The token was made for another app than this installation’s.",
  wrong_kind: "This is no user’s token. Paste the token of a user who has a role on the Page.",
  rate_limited: "Meta has asked not to be called for this token for a while. “Check now” tries all the same.",
  key_missing: "The key that encrypted this token is missing on the server. Bring it back, or replace the token.",
});

const broken = {
  pages_show_list: "its Pages cannot be listed",
  pages_read_engagement: "Pages and their Instagram accounts cannot be read",
  instagram_basic: "Instagram profiles and grids cannot be read",
  business_management: "Pages of a Business portfolio are not listed",
};
export const missingText = (scope) => `Without ${scope}, ${broken[scope] ?? "what depends on it fails"}.`;
