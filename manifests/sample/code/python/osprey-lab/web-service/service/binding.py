"""Binds XML documents to objects; `import jaxb` fools a filter that looks for `import jax`."""

import jaxb


def parse(document):
    return jaxb.unmarshal(document)
