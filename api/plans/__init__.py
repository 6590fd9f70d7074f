"""The child protection plan: children, risks, actions, core group, contingency."""
