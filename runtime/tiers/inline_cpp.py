class Unsupported(Exception): pass
def generate(node, name, table): raise Unsupported("not yet")
