"""Three invented organizations, and six weeks of their conversations, played through the real pipeline.

`data/` says who they are: `<slug>.toml` the organization, `*.items` what it sells, `<slug>.talks` who wrote what.
`tenants` builds from that, `talks` reads the scripts, `history` plays them. Same data, same seed: same demo.
"""
