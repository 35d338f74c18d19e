"""The REST API: what a relying site's backend calls.

Each module is one section: a blueprint with its guard and the operations in it. One declaration per operation
(`app.api.operations`) drives routing, validation, rights and the published document.
"""
