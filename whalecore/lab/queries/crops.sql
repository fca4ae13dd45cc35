-- The box of each photo: one drawn by hand stays until another is drawn by hand.
SELECT *
FROM crops_rows
QUALIFY row_number() OVER (
    PARTITION BY photo_id ORDER BY crop_source = 'corrected' DESC, sequence DESC
) = 1
