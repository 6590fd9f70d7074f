"""Photos and documents that families send as evidence: asked for, made anew without metadata, kept, shown, removed."""
