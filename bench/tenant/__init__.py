"""An organization made by migrations, by bare SQL, by the product; what an empty one weighs."""
