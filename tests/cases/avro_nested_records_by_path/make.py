"""Writes input.avro, with fastavro. Run by hand."""
import fastavro

land = {"type": "record", "name": "Land", "fields": [{"name": "code", "type": "string"}]}
place = {"type": "record", "name": "Place", "namespace": "org.example", "fields": [
    {"name": "city", "type": ["null", "string"]}, {"name": "land", "type": land}]}
schema = {"type": "record", "name": "row", "fields": [
    {"name": "ID", "type": "int"},
    {"name": "unread", "type": {"type": "map", "values": "bytes"}},
    {"name": "home", "type": ["null", place]},
    {"name": "work", "type": "org.example.Place"},
]}
def at(city, code):
    return {"city": city, "land": {"code": code}}
rows = [
    {"ID": 1, "unread": {"a": b"x", "b": b""}, "home": at("Bonn", "de"), "work": at(None, "fr")},
    {"ID": 2, "unread": {}, "home": None, "work": at("Lyon", "fr")},
]
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, rows)
